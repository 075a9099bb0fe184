-- What makes the delivery exact: how far each consumer group has stored, which uploads are stored, which hosts are gone.
CREATE TABLE ros_offset (
    consumer_group text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, topic, partition)
);

-- No foreign key: an upload that comes again after its host was erased must still be known.
CREATE TABLE ros_upload (
    inventory_id uuid NOT NULL,
    request_id text NOT NULL,
    report_date timestamp with time zone NOT NULL,
    PRIMARY KEY (inventory_id, request_id)
);
CREATE INDEX ros_upload_report_date_idx ON ros_upload (report_date);

CREATE TABLE ros_tombstone (
    org_id text NOT NULL,
    inventory_id uuid NOT NULL,
    deleted_at timestamp with time zone NOT NULL,
    PRIMARY KEY (inventory_id, org_id)
);
CREATE INDEX ros_tombstone_deleted_at_idx ON ros_tombstone (deleted_at);
