/* The guard before unpacking: nesting to the limit and one deeper, malformed bytes, texts that are not UTF-8. */
#include "tests/unit/base/test.h"

#include <stdlib.h>
#include <string.h>

#include "proto/google/protobuf/descriptor.pb-c.h"
#include "proto/guard.h"
#include "proto/ros/v1/systems.pb-c.h"

/* DescriptorProto nests in itself by field 3: depth levels of it, innermost first. Lengths stay below 128. */
static size_t nest(unsigned char *out, unsigned depth)
{
    size_t len = 0;
    for (unsigned i = 1; i < depth; i++) {
        memmove(out + 2, out, len);
        out[0] = 3 << 3 | 2;
        out[1] = (unsigned char) len;
        len += 2;
    }
    return len;
}

static void test_depth(void **state)
{
    (void) state;
    unsigned char bytes[256];
    const ProtobufCMessageDescriptor *descriptor = &google__protobuf__descriptor_proto__descriptor;
    for (unsigned depth = 1; depth < 60; depth++) {
        size_t len = nest(bytes, depth);
        assert_int_equal(ros_proto_depth_ok(descriptor, bytes, len), depth <= ROS_PROTO_DEPTH);
    }
}

/* Any bytes at all: an answer, and no read past the end (under the sanitizers). */
static void test_any_bytes(void **state)
{
    (void) state;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        unsigned char bytes[64];
        for (size_t k = 0; k < sizeof bytes; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            bytes[k] = (unsigned char) (k % 2 ? x % 70 : x % 4 * 8 + 2);
        }
        unsigned char *exact = malloc(1 + x % sizeof bytes);
        size_t len = x % sizeof bytes;
        memcpy(exact, bytes, len);
        ros_proto_depth_ok(&google__protobuf__descriptor_proto__descriptor, exact, len);
        free(exact);
    }
}

static void test_texts(void **state)
{
    (void) state;
    Ros__V1__ListSystemsRequest request = ROS__V1__LIST_SYSTEMS_REQUEST__INIT;
    assert_true(ros_proto_utf8_ok(&request.base));
    char *words[] = {(char *) "ok", (char *) "\xc3\x28"};
    request.state = words;
    request.n_state = 1;
    assert_true(ros_proto_utf8_ok(&request.base));
    request.n_state = 2;
    assert_false(ros_proto_utf8_ok(&request.base));
    Ros__V1__PageLinks links = ROS__V1__PAGE_LINKS__INIT;
    Ros__V1__ListSystemsResponse answer = ROS__V1__LIST_SYSTEMS_RESPONSE__INIT;
    answer.links = &links;
    links.next = (char *) "\xff"; /* not set: does not count */
    assert_true(ros_proto_utf8_ok(&answer.base));
    links._next_case = ROS__V1__PAGE_LINKS___NEXT_NEXT;
    assert_false(ros_proto_utf8_ok(&answer.base));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_depth), cmocka_unit_test(test_any_bytes),
                                       cmocka_unit_test(test_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
