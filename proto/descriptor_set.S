/* The descriptor set as it is, in read-only memory: reflection and the REST routes read it at run time. */
    .section .rodata
    .global ros_descriptor_set_start
    .global ros_descriptor_set_end
    .balign 8
ros_descriptor_set_start:
    .incbin DESCRIPTOR_SET
ros_descriptor_set_end:
    .section .note.GNU-stack, "", @progbits
