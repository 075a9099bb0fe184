/*
 * A table's cells become values of their columns' types once, here. An empty cell is missing; a column without one is
 * settled, so that rules need no `??` for it. Keys must be there and must not stand twice.
 */
#include <math.h>
#include <stdio.h>

#include "interp/base/buf.h"
#include "interp/base/num.h"
#include "interp/sema/internal.h"

static bool read_cell(const struct ros_name *cell, const struct ros_unit_scale *scale, union ros__cell *ret)
{
    if (scale->type.kind == ROS_KIND_TEXT) {
        ret->text = cell->len > 0 ? cell->text : NULL;
        return cell->len <= ROS_LIMIT_TEXT_BYTES;
    }
    if (scale->type.kind == ROS_KIND_BOOL) {
        bool yes = strcmp(cell->text, "true") == 0;
        ret->truth = cell->len == 0 ? ROS_UNKNOWN : yes ? ROS_TRUE : ROS_FALSE;
        return cell->len == 0 || yes || strcmp(cell->text, "false") == 0;
    }
    if (cell->len == 0) {
        ret->num = NAN;
        return true;
    }
    double number;
    if (!ros_num_parse(cell->text, cell->len, &number))
        return false;
    ret->num = number * scale->mul / scale->div;
    return isfinite(ret->num);
}

static void read_column(struct ros__sema *s, const struct ros_csv *csv, size_t csv_column,
                        const struct ros_unit_scale *scale, struct ros__column *column, bool key)
{
    char text[ROS_TYPE_TEXT_SIZE];
    column->cells = ros_arena_new_array(s->arena, union ros__cell, csv->row_count);
    if (column->cells == NULL) {
        ros__sema_failed(s);
        return;
    }
    for (size_t i = 0; i < csv->row_count; i++) {
        const struct ros_name *cell = &csv->cells[i * csv->column_count + csv_column];
        if (!read_cell(cell, scale, &column->cells[i])) {
            ros_diags_add(s->diags, ROS_DIAG_E0602, cell->span, "`%.60s` is not of column `%s`: %s", cell->text,
                          column->name.text, ros_type_format(&column->type, text));
            continue;
        }
        if (cell->len == 0 && key)
            ros_diags_add(s->diags, ROS_DIAG_E0602, cell->span, "a key column must have a value in each row");
        column->type.maybe = column->type.maybe || cell->len == 0;
    }
}

static void declare_column(struct ros__sema *s, const struct ros_decl_table *decl, const struct ros_column *written,
                           size_t table)
{
    struct ros_unit_scale scale;
    bool typed = ros__type_read(s, &written->type, &scale);
    size_t index = s->model->columns.count;
    struct ros__column *column = ros__list_add(s, &s->model->columns);
    if (column == NULL)
        return;
    *column = (struct ros__column){.name = written->name, .table = table};
    column->type = typed ? scale.type : ros_type_of(ROS_KIND_BAD);
    s->model->tables.items[table].column_count++;
    ros__name_declare(s, s->local, &written->name, ROS__SYMBOL_COLUMN, index);
    bool key = false;
    for (size_t i = 0; i < decl->key_count; i++)
        key = key || strcmp(decl->keys[i].text, written->name.text) == 0;
    column->used = key;
    if (decl->csv == NULL || !typed) {
        column->type = ros_type_of(ROS_KIND_BAD);
        return;
    }
    for (size_t i = 0; i < decl->csv->column_count; i++)
        if (strcmp(decl->csv->header[i].text, written->name.text) == 0) {
            read_column(s, decl->csv, i, &scale, column, key);
            return;
        }
    const char **names = ros_arena_new_array(s->arena, const char *, decl->csv->column_count);
    if (names == NULL) {
        ros__sema_failed(s);
        return;
    }
    for (size_t i = 0; i < decl->csv->column_count; i++)
        names[i] = decl->csv->header[i].text;
    const char *near = ros_diag_nearest(written->name.text, names, decl->csv->column_count);
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0601, written->name.span, "\"%s\" has no column `%s`",
                                          decl->from.text, written->name.text);
    if (near != NULL) {
        ros_diag_set_help(s->diags, diag, "did you mean `%s`?", near);
        ros_diag_set_fix(s->diags, diag, written->name.span, "%s", near);
    }
    column->type = ros_type_of(ROS_KIND_BAD);
}

/* True when every key column is there with a type that can be one. */
static bool declare_keys(struct ros__sema *s, const struct ros_decl_table *decl, struct ros__table *table)
{
    bool good = true;
    for (size_t i = 0; i < decl->key_count && i < ROS_LIMIT_TABLE_KEYS; i++) {
        const struct ros__symbol *symbol = ros_map_get(s->local, decl->keys[i].text, decl->keys[i].len);
        if (symbol == NULL) {
            ros_diags_add(s->diags, ROS_DIAG_E0601, decl->keys[i].span, "the key `%s` is not a column of `%s`",
                          decl->keys[i].text, decl->name.text);
            good = false;
            continue;
        }
        enum ros_kind kind = s->model->columns.items[symbol->index].type.kind;
        if (kind == ROS_KIND_BOOL) {
            ros_diags_add(s->diags, ROS_DIAG_E0601, decl->keys[i].span, "a key is a text or a number");
            good = false;
        }
        good = good && kind != ROS_KIND_BAD;
        table->keys[table->key_count++] = symbol->index;
    }
    if (decl->key_count > ROS_LIMIT_TABLE_KEYS) {
        ros_diags_add(s->diags, ROS_DIAG_E0701, decl->name.span, "a table has at most %d key columns",
                      ROS_LIMIT_TABLE_KEYS);
        good = false;
    }
    return good && decl->key_count > 0;
}

/* One text for the keys of a row; lengths keep ("a", "bc") and ("ab", "c") apart. */
static void key_text(const struct ros__sema *s, const struct ros__table *table, size_t row, struct ros_buf *out)
{
    ros_buf_clear(out);
    for (size_t i = 0; i < table->key_count; i++) {
        const struct ros__column *column = &s->model->columns.items[table->keys[i]];
        const char *text = column->cells[row].text;
        if (column->type.kind != ROS_KIND_TEXT) {
            double number = column->cells[row].num + 0.0;
            ros_buf_add(out, &number, sizeof number);
            continue;
        }
        size_t len = text != NULL ? strlen(text) : 0;
        ros_buf_add(out, &len, sizeof len);
        ros_buf_add(out, text != NULL ? text : "", len);
    }
}

static void check_keys(struct ros__sema *s, const struct ros_decl_table *decl, const struct ros__table *table)
{
    struct ros_map seen;
    ros_map_init(&seen, s->arena, 0);
    ros_auto(ros_buf) struct ros_buf key = ROS_BUF_INIT;
    key.alloc = s->arena->alloc;
    for (size_t row = 0; row < table->row_count; row++) {
        key_text(s, table, row, &key);
        char *copy = ros_buf_code(&key) == ROS_OK ? ros_arena_copy(s->arena, ros_buf_text(&key), key.len) : NULL;
        enum ros_code code = copy != NULL ? ros_map_add(&seen, copy, key.len, copy) : ROS_E_OOM;
        if (code == ROS_E_EXISTS) {
            const struct ros_name *cell = &decl->csv->cells[row * decl->csv->column_count];
            ros_diags_add(s->diags, ROS_DIAG_E0603, cell->span, "the key of this row stands twice in `%s`",
                          decl->name.text);
        } else if (code != ROS_OK) {
            ros__sema_failed(s);
            return;
        }
    }
}

static void check_rows(struct ros__sema *s, const struct ros_decl_table *decl, const struct ros_expr *expr,
                       size_t index, size_t row_count)
{
    struct ros__node *cond = ros__expr_bool(s, expr);
    if (ros__node_is_bad(cond) || s->diags->error_count > 0)
        return;
    ros__check_note(s, cond, "", index, expr->span);
    for (size_t row = 0; row < row_count; row++) {
        struct ros__value value;
        if (!ros__fold(s->model, cond, row, &value)) {
            ros_diags_add(s->diags, ROS_DIAG_E0501, expr->span, "a table's check can name its columns and params only");
            return;
        }
        if (value.truth == ROS_TRUE)
            continue;
        const struct ros_name *cell = &decl->csv->cells[row * decl->csv->column_count];
        struct ros_diag *diag =
            ros_diags_add(s->diags, ROS_DIAG_E0501, expr->span, "a row of `%s` does not pass", decl->name.text);
        ros_diag_add_label(s->diags, diag, cell->span, "this row");
        return;
    }
}

void ros__table_declare(struct ros__sema *s, const struct ros_decl_table *decl)
{
    size_t index = s->model->tables.count;
    if (index >= ROS_LIMIT_TABLES || s->model->columns.count + decl->column_count > 255) {
        ros_diags_add(s->diags, ROS_DIAG_E0701, decl->name.span, "at most %d tables with 255 columns in all",
                      ROS_LIMIT_TABLES);
        return;
    }
    struct ros__table *table = ros__list_add(s, &s->model->tables);
    if (table == NULL)
        return;
    *table = (struct ros__table){.name = decl->name, .first_column = s->model->columns.count};
    table->row_count = decl->csv != NULL ? decl->csv->row_count : 0;
    ros__name_declare(s, &s->names, &decl->name, ROS__SYMBOL_TABLE, index);
    struct ros_map columns;
    ros_map_init(&columns, s->arena, 0);
    s->local = &columns;
    for (size_t i = 0; i < decl->column_count; i++)
        declare_column(s, decl, &decl->columns[i], index);
    size_t errors = s->diags->error_count;
    if (declare_keys(s, decl, table) && decl->csv != NULL && errors == 0 && s->code == ROS_OK)
        check_keys(s, decl, table);
    for (size_t i = 0; i < decl->check_count && decl->csv != NULL; i++)
        check_rows(s, decl, decl->checks[i], index, s->model->tables.items[index].row_count);
    s->local = NULL;
}
