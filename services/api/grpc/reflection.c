/*
 * Server reflection from the embedded descriptor set. v1 and v1alpha have the same wire format, so one handler, written
 * in the types of v1, serves both.
 */
#include <string.h>

#include "proto/descriptors.h"
#include "proto/grpc/reflection/v1/reflection.pb-c.h"
#include "services/api/grpc/call.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;

#define ASKED(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define ANSWER(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

static const char *const own_services[] = {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                           "grpc.reflection.v1alpha.ServerReflection"};

static void say_error(struct ros_arena *arena, reflection_response *answer, grpc_status_code code, const char *text)
{
    Grpc__Reflection__V1__ErrorResponse *error = ros_arena_new(arena, Grpc__Reflection__V1__ErrorResponse);
    char *copy = ros_arena_copy(arena, text, strlen(text));
    if (error == NULL || copy == NULL)
        return;
    grpc__reflection__v1__error_response__init(error);
    error->error_code = (int32_t) code;
    error->error_message = copy;
    answer->message_response_case = ANSWER(ERROR_RESPONSE);
    answer->error_response = error;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

/* Adds a file and what it imports, each once, the file itself first. */
static void add_file(const struct ros_descriptors *descriptors, const struct ros_descriptor_file *file,
                     Grpc__Reflection__V1__FileDescriptorResponse *to)
{
    for (size_t i = 0; i < to->n_file_descriptor_proto; i++)
        if (to->file_descriptor_proto[i].data == file->data)
            return;
    to->file_descriptor_proto[to->n_file_descriptor_proto++] =
        (ProtobufCBinaryData){file->size, (uint8_t *) (uintptr_t) file->data}; /* packed from, never written to */
    for (const char *const *import = file->imports; *import != NULL; import++) {
        const struct ros_descriptor_file *imported = ros_descriptors_find_file(descriptors, *import);
        if (imported != NULL)
            add_file(descriptors, imported, to);
    }
}

static void say_file(struct ros__grpc_call *call, const struct ros_descriptor_file *file, reflection_response *answer)
{
    const struct ros_descriptors *descriptors = ros__grpc_descriptors(call->server);
    Grpc__Reflection__V1__FileDescriptorResponse *files =
        ros_arena_new(&call->arena, Grpc__Reflection__V1__FileDescriptorResponse);
    if (file == NULL) {
        say_error(&call->arena, answer, GRPC_STATUS_NOT_FOUND, "not found");
        return;
    }
    if (files == NULL)
        return;
    grpc__reflection__v1__file_descriptor_response__init(files);
    files->file_descriptor_proto =
        ros_arena_new_array(&call->arena, ProtobufCBinaryData, ros_descriptors_file_count(descriptors));
    if (files->file_descriptor_proto == NULL)
        return;
    add_file(descriptors, file, files);
    answer->message_response_case = ANSWER(FILE_DESCRIPTOR_RESPONSE);
    answer->file_descriptor_response = files;
}

/* --- services ----------------------------------------------------------------------------------------------------- */

static bool add_service(struct ros_arena *arena, Grpc__Reflection__V1__ListServiceResponse *list, const char *name)
{
    for (size_t i = 0; i < list->n_service; i++)
        if (strcmp(list->service[i]->name, name) == 0)
            return true;
    Grpc__Reflection__V1__ServiceResponse *service = ros_arena_new(arena, Grpc__Reflection__V1__ServiceResponse);
    char *copy = ros_arena_copy(arena, name, strlen(name));
    if (service == NULL || copy == NULL)
        return false;
    grpc__reflection__v1__service_response__init(service);
    service->name = copy;
    list->service[list->n_service++] = service;
    return true;
}

static void say_services(struct ros_arena *arena, reflection_response *answer)
{
    size_t most = ros_method_count() + ROS_COUNT(own_services);
    Grpc__Reflection__V1__ListServiceResponse *list = ros_arena_new(arena, Grpc__Reflection__V1__ListServiceResponse);
    if (list == NULL)
        return;
    grpc__reflection__v1__list_service_response__init(list);
    list->service = ros_arena_new_array(arena, Grpc__Reflection__V1__ServiceResponse *, most);
    bool made = list->service != NULL;
    for (size_t i = 0; i < ros_method_count() && made; i++)
        made = add_service(arena, list, ros_method_at(i)->service);
    for (size_t i = 0; i < ROS_COUNT(own_services) && made; i++)
        made = add_service(arena, list, own_services[i]);
    if (!made)
        return;
    answer->message_response_case = ANSWER(LIST_SERVICES_RESPONSE);
    answer->list_services_response = list;
}

/* The one extension there is: google.api.http of google.protobuf.MethodOptions. */
static const struct ros_descriptor_file *extension_file(const struct ros_descriptors *descriptors,
                                                        const Grpc__Reflection__V1__ExtensionRequest *asked)
{
    if (strcmp(asked->containing_type, "google.protobuf.MethodOptions") != 0 || asked->extension_number != 72295728)
        return NULL;
    return ros_descriptors_find_symbol(descriptors, "google.api.http");
}

static void answer_request(struct ros__grpc_call *call, const reflection_request *asked, reflection_response *answer)
{
    const struct ros_descriptors *descriptors = ros__grpc_descriptors(call->server);
    switch (asked->message_request_case) {
    case ASKED(LIST_SERVICES):
        say_services(&call->arena, answer);
        break;
    case ASKED(FILE_BY_FILENAME):
        say_file(call, ros_descriptors_find_file(descriptors, asked->file_by_filename), answer);
        break;
    case ASKED(FILE_CONTAINING_SYMBOL):
        say_file(call, ros_descriptors_find_symbol(descriptors, asked->file_containing_symbol), answer);
        break;
    case ASKED(FILE_CONTAINING_EXTENSION):
        say_file(call, extension_file(descriptors, asked->file_containing_extension), answer);
        break;
    default:
        say_error(&call->arena, answer, GRPC_STATUS_UNIMPLEMENTED, "this question is not answered");
        break;
    }
}

void ros__reflection(struct ros__grpc_call *call, const ProtobufCMessage *message)
{
    reflection_response answer = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
    if (message == NULL) { /* the client has no more questions */
        ros__call_finish(call, NULL, GRPC_STATUS_OK, NULL);
        return;
    }
    const reflection_request *asked = (const reflection_request *) message;
    answer.valid_host = asked->host;
    answer.original_request = (reflection_request *) (uintptr_t) asked; /* packed from, never written to */
    answer_request(call, asked, &answer);
    if (answer.message_response_case == GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE__NOT_SET)
        ros__call_finish(call, NULL, GRPC_STATUS_RESOURCE_EXHAUSTED, "out of memory");
    else
        ros__call_send(call, &answer.base);
}

/* A client that only keeps its stream open must not hold up the server's end. */
void ros__reflection_tick(struct ros__grpc_call *call)
{
    if (!call->finished && !call->sending && ros__grpc_stopping(call->server))
        ros__call_finish(call, NULL, GRPC_STATUS_UNAVAILABLE, "the server stops");
}
