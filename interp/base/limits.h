/*
 * limits.h - every bound of the language core, each with the sentence that says what it bounds.
 *
 * Limits of a service (sizes of bodies, queues, time-outs) are rows of its configuration table instead.
 */
#ifndef ROS_BASE_LIMITS_H
#define ROS_BASE_LIMITS_H

#define ROS_LIMIT_SOURCE_BYTES (1u << 20)    /* one .ros file */
#define ROS_LIMIT_SOURCE_FILES 64            /* files of one rule set, by `use` */
#define ROS_LIMIT_TABLE_BYTES (32u << 20)    /* one CSV file */
#define ROS_LIMIT_TABLE_ROWS 100000          /* rows of one table */
#define ROS_LIMIT_TABLE_COLUMNS 64           /* columns of one table */
#define ROS_LIMIT_TABLE_KEYS 4               /* key columns of one table */
#define ROS_LIMIT_TABLES 32                  /* tables of one rule set */
#define ROS_LIMIT_NESTING 200                /* depth of an expression, so that every later pass may recurse */
#define ROS_LIMIT_NAME_BYTES 128             /* one name: a metric path, a param, a rule */
#define ROS_LIMIT_TEXT_BYTES 4096            /* one text literal or template */
#define ROS_LIMIT_DIAGS 100                  /* diagnostics kept for one run; the rest are counted */
#define ROS_LIMIT_SLOTS 255                  /* metrics and facts of one program */
#define ROS_LIMIT_INSTANCES 4096             /* instances of one metric */
#define ROS_LIMIT_REGISTERS 255              /* registers of one bank */
#define ROS_LIMIT_CODE_WORDS 65535           /* instructions of one program */
#define ROS_LIMIT_CONSTANTS 255              /* numeric constants of one program */
#define ROS_LIMIT_ORGS 10000                 /* organisations with params of their own */
#define ROS_LIMIT_RULES 255                  /* rules of one program */
#define ROS_LIMIT_FLAGS 255                  /* state flags of one program */
#define ROS_LIMIT_OFFERS 4096                /* offers kept for one verdict */
#define ROS_LIMIT_RENDERED_BYTES 16384       /* one rendered text */
#define ROS_LIMIT_COST 50000000u             /* instructions that one evaluation may take at most */
#define ROS_LIMIT_BUNDLE_BYTES (256u << 20)  /* one .rosb file, sources included */
#define ROS_LIMIT_COMPILE_BYTES (512u << 20) /* arena of one compile */

#endif
