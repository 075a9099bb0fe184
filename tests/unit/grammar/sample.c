/* The rule set that the tests of the front end take apart. */
#include "tests/unit/grammar/sample.h"

const struct ros_memory_file sample_files[] = {
    {"set/main.ros",
     "ros 1\n"
     "ruleset sample version \"2.1\" \"Says \\\"big\\\" or \\u{73}mall.\"\n"
     "use \"host.ros\"\n"
     "table types from \"types.csv\" key name { name: text  size: MiB  cost: USD/h  check size > 0 B }\n"
     "param low = 20% in 1%..50% \"Below this: big.\"\n"
     "param cap : count/s = missing \"Unset: disks do not count.\"\n"
     "check low < 60% else \"low must stay below 60%\"\n"
     "require host.kind == \"a\" or host.kind == \"b\" else OS_UNSUPPORTED \"kind is not a or b\"\n"
     "let used = (mem.total - mem.free) / mem.total   // a share\n"
     "let now = types[host.kind]\n"
     "let disk = disk.io / cap\n"
     "report memory = used\n"
     "state mem exclusive { BIG \"much is free\" when used < low  SMALL \"little is free\" when not (used <= 80%) }\n"
     "state io { BUSY \"a disk is busy\" when any(disk > 90%) ?? false }\n"
     "candidates fit from types as t {\n"
     "  where t.name != now.name\n"
     "  where if BIG ?? false then t.size <=~ now.size else t.size >= now.size\n"
     "  let price = t.cost ?? 0 USD/h\n"
     "  need known(now) else TYPE_UNKNOWN \"no such kind\"\n"
     "  sort price, t.name\n"
     "}\n"
     "decide first {\n"
     "  rule TOO_BIG when BIG {\n"
     "    offer fit where price > 0 USD/h\n"
     "    description \"under {low} in use, {{so}} it is big\"\n"
     "    reason \"r\" resolution \"s\" condition \"c\"\n"
     "  }\n"
     "  rule TOO_SMALL when SMALL or BUSY { offer required fit description \"d\" reason \"r\" resolution \"s\" "
     "condition \"c\" "
     "allow never_fires \"why {not}\" }\n"
     "}\n"
     "fixture one { host.kind = \"a\"  mem.total = 4 GiB  mem.free = 1 GiB  disk.io[\"sda\"] = 1.5 count/s }\n"
     "test \"fine\" { given one  with mem.free = missing  expect none and not certain }\n"},
    {"set/host.ros", "ros 1\n"
                     "metric mem.total : KiB raw \"Kbyte\"\n"
                     "metric mem.free : KiB raw \"Kbyte\"\n"
                     "metric disk.io[*] : count/s\n"
                     "metric pressure.some.avg[\"10 second\", \"1 minute\"] : %\n"
                     "fact host.kind : text\n"},
    {"set/types.csv", "name,size,cost\na,1024,0.5\nb,2048,1\n"},
    {NULL, NULL},
};

void parsed_run(struct parsed *x, const char *text, size_t len)
{
    uint32_t index = 0;
    *x = (struct parsed){.code = ROS_E_INTERNAL};
    ros_arena_init(&x->arena, NULL, 0);
    ros_diags_init(&x->diags, &x->arena);
    x->unit = ros_unit_new(&x->arena);
    if (x->unit == NULL || ros_unit_add_source(x->unit, ROS_FILE_RULES, "x.ros", text, len, &index) != ROS_OK)
        return;
    x->code = ros_parse(x->unit, index, &x->diags, &x->file);
}

void parsed_done(struct parsed *x)
{
    ros_arena_done(&x->arena);
}
