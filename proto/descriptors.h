/*
 * descriptors.h - the definitions at run time: the embedded descriptor set, its files, and the HTTP rules of methods.
 *
 * The set is what protoc wrote from proto/, imports included; it is trusted, being part of the program.
 *
 * Lifetime: ros_descriptors_new() ... ros_descriptors_free(); every pointer lives until the free.
 * Threads:  read-only once made.   Errors: ROS_E_OOM, ROS_E_INTERNAL (the embedded set is damaged).
 */
#ifndef ROS_PROTO_DESCRIPTORS_H
#define ROS_PROTO_DESCRIPTORS_H

#include <protobuf-c/protobuf-c.h>

#include "interp/base/error.h"

struct ros_descriptors;

enum ros_code ros_descriptors_new(struct ros_descriptors **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_descriptors_free(struct ros_descriptors *descriptors);

/* One file: its FileDescriptorProto as it stands in the set, options and all. */
struct ros_descriptor_file {
    const char *name; /* "ros/v1/systems.proto" */
    const void *data;
    size_t size;
    const char *const *imports; /* names; NULL-terminated */
};
size_t ros_descriptors_file_count(const struct ros_descriptors *descriptors);
const struct ros_descriptor_file *ros_descriptors_file(const struct ros_descriptors *descriptors, size_t index);
const struct ros_descriptor_file *ros_descriptors_find_file(const struct ros_descriptors *descriptors,
                                                            const char *name);
/* The file that defines a message, enum, service or method by its full name ("ros.v1.Systems.GetSystem"). */
const struct ros_descriptor_file *ros_descriptors_find_symbol(const struct ros_descriptors *descriptors,
                                                              const char *symbol);

/* Every method that has an HTTP rule. */
struct ros_http_rule {
    const char *service; /* "ros.v1.Systems" */
    const char *method;  /* "GetSystem" */
    const char *verb;    /* "GET" */
    const char *path;    /* "/api/ros/v1/systems/{inventory_id}" */
};
size_t ros_descriptors_rule_count(const struct ros_descriptors *descriptors);
const struct ros_http_rule *ros_descriptors_rule(const struct ros_descriptors *descriptors, size_t index);

ROS_DEFINE_AUTO_PTR(ros_descriptors)

#endif
