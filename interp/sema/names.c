/*
 * One map for values (a path such as mem.physmem is one name in it), and one each for what lives apart. A second map
 * holds every name of the unit, so that "used before it is declared" and "unknown" can be told apart.
 */
#include "interp/sema/internal.h"

void ros__sema_failed(struct ros__sema *s)
{
    if (s->code == ROS_OK)
        s->code = ros_arena_code(s->arena) != ROS_OK ? ros_arena_code(s->arena) : ROS_E_OOM;
}

bool ros__list_grow(struct ros__sema *s, void **items, size_t count, size_t *size, size_t item_size)
{
    if (count < *size)
        return true;
    size_t wanted = *size == 0 ? 8 : *size * 2;
    void *grown = ros_arena_array(s->arena, wanted, item_size);
    if (grown == NULL) {
        ros__sema_failed(s);
        return false;
    }
    if (count > 0)
        memcpy(grown, *items, count * item_size);
    *items = grown;
    *size = wanted;
    return true;
}

struct ros__symbol *ros__name_declare(struct ros__sema *s, struct ros_map *map, const struct ros_name *name,
                                      enum ros__symbol_kind kind, size_t index)
{
    const struct ros__symbol *old = ros_map_get(map, name->text, name->len);
    if (old == NULL && map == s->local && kind != ROS__SYMBOL_COLUMN)
        old = ros_map_get(&s->names, name->text, name->len);
    if (old != NULL) {
        struct ros_diag *diag =
            ros_diags_add(s->diags, ROS_DIAG_E0202, name->span, "`%s` is declared twice", name->text);
        ros_diag_add_label(s->diags, diag, old->span, "first declared here");
        return NULL;
    }
    struct ros__symbol *symbol = ros_arena_new(s->arena, struct ros__symbol);
    if (symbol == NULL) {
        ros__sema_failed(s);
        return NULL;
    }
    *symbol = (struct ros__symbol){.kind = kind, .index = index, .name = name->text, .span = name->span};
    if (ros_map_add(map, name->text, name->len, symbol) != ROS_OK) {
        ros__sema_failed(s);
        return NULL;
    }
    return symbol;
}

const struct ros__symbol *ros__name_find(const struct ros__sema *s, const char *name, size_t len)
{
    const struct ros__symbol *symbol = s->local != NULL ? ros_map_get(s->local, name, len) : NULL;
    return symbol != NULL ? symbol : ros_map_get(&s->names, name, len);
}

/* Names in scope, for "did you mean". */
static const char *nearest(struct ros__sema *s, const char *name)
{
    size_t local = s->local != NULL ? s->local->count : 0;
    size_t rules = s->in_expect ? s->rules.count : 0;
    const char **names = ros_arena_new_array(s->arena, const char *, s->names.count + local + rules);
    if (names == NULL) {
        ros__sema_failed(s);
        return NULL;
    }
    size_t count = 0;
    for (size_t i = 0; i < local; i++)
        names[count++] = s->local->entries[i].key;
    for (size_t i = 0; i < s->names.count; i++)
        names[count++] = s->names.entries[i].key;
    for (size_t i = 0; i < rules; i++)
        names[count++] = s->rules.entries[i].key;
    return ros_diag_nearest(name, names, count);
}

/* What other languages call by another name. */
static const char *ours_for(const char *name)
{
    static const char *const words[][2] = {{"null", "missing"}, {"NULL", "missing"},      {"None", "missing"},
                                           {"nil", "missing"},  {"undefined", "missing"}, {"NaN", "missing"},
                                           {"True", "true"},    {"TRUE", "true"},         {"yes", "true"},
                                           {"False", "false"},  {"FALSE", "false"},       {"no", "false"}};
    for (size_t i = 0; i < ROS_COUNT(words); i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return NULL;
}

void ros__name_unknown(struct ros__sema *s, const char *what, const char *name, struct ros_span span)
{
    const struct ros_span *later = ros_map_get(&s->later, name, strlen(name));
    if (later != NULL) {
        struct ros_diag *diag =
            ros_diags_add(s->diags, ROS_DIAG_E0203, span, "`%s` is used before it is declared", name);
        ros_diag_add_label(s->diags, diag, *later, "declared here");
        return;
    }
    if (s->blurred)
        return;
    const char *ours = ours_for(name);
    if (ours != NULL) {
        struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0201, span, "`%s` is written `%s` here", name, ours);
        ros_diag_set_fix(s->diags, diag, span, "%s", ours);
        return;
    }
    const char *near = nearest(s, name);
    if (near == NULL) {
        ros_diags_add(s->diags, ROS_DIAG_E0201, span, "no %s `%s`", what, name);
        return;
    }
    struct ros_diag *diag =
        ros_diags_add(s->diags, ROS_DIAG_E0201, span, "no %s `%s`; did you mean `%s`?", what, name, near);
    ros_diag_set_fix(s->diags, diag, span, "%s", near);
}

/* Units as others write them. Prefixes are binary here: what says MB means MiB in every tool that measures memory. */
static const char *const our_units[][2] = {
    {"KB", "KiB"},     {"kB", "KiB"},     {"MB", "MiB"},     {"GB", "GiB"},      {"TB", "TiB"},     {"bytes", "B"},
    {"byte", "B"},     {"sec", "s"},      {"second", "s"},   {"seconds", "s"},   {"minute", "min"}, {"hour", "h"},
    {"hours", "h"},    {"day", "d"},      {"days", "d"},     {"percent", "%"},   {"cpu", "vcpu"},   {"cpus", "vcpu"},
    {"core", "vcpu"},  {"cores", "vcpu"}, {"dollar", "USD"}, {"string", "text"}, {"str", "text"},   {"boolean", "bool"},
    {"number", "int"}, {"integer", "int"}};

bool ros__type_read(struct ros__sema *s, const struct ros_ast_type *written, struct ros_unit_scale *ret)
{
    if (ros_type_from_names(written->name.text, written->per.text, ret))
        return true;
    struct ros_unit_scale alone;
    bool known = ros_type_from_names(written->name.text, NULL, &alone);
    const struct ros_name *wrong = known ? &written->per : &written->name;
    size_t count = 0;
    while (ros_type_names()[count] != NULL)
        count++;
    struct ros_diag *diag =
        ros_diags_add(s->diags, ROS_DIAG_E0205, written->span, "no unit or type `%s%s%s`", written->name.text,
                      written->per.text != NULL ? "/" : "", written->per.text != NULL ? written->per.text : "");
    for (size_t i = 0; i < ROS_COUNT(our_units); i++)
        if (wrong->text != NULL && strcmp(our_units[i][0], wrong->text) == 0) {
            ros_diag_set_help(s->diags, diag, "write `%s`", our_units[i][1]);
            ros_diag_set_fix(s->diags, diag, wrong->span, "%s", our_units[i][1]);
            return false;
        }
    const char *near = wrong->text != NULL ? ros_diag_nearest(wrong->text, ros_type_names(), count) : NULL;
    if (near != NULL && strcmp(near, wrong->text) != 0)
        ros_diag_set_help(s->diags, diag, "did you mean `%s`?", near);
    else
        ros_diag_set_help(s->diags, diag, "types are text, bool, int, %% and units such as MiB, vcpu, count/s, USD/h");
    return false;
}
