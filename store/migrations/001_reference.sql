-- The tables of the system we stand in for, as its own migrations leave them, but for text columns without a length.
-- On a database that it has used they are there already; nothing of them changes here.
DO $$
DECLARE
    found text;
BEGIN
    IF to_regclass('systems') IS NOT NULL AND to_regclass('alembic_version') IS NOT NULL THEN
        SELECT string_agg(version_num, ', ') INTO found FROM alembic_version;
        IF found IS DISTINCT FROM '52381cafc36f' THEN
            RAISE EXCEPTION 'the existing tables are at revision %, not at 52381cafc36f: upgrade them with their own '
                'tool first', coalesce(found, 'none');
        END IF;
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS alembic_version (
    version_num character varying(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version (version_num) VALUES ('52381cafc36f') ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS rh_accounts (
    id serial NOT NULL,
    account text,
    org_id text,
    created_at timestamp without time zone,
    CONSTRAINT rh_accounts_pkey PRIMARY KEY (id),
    CONSTRAINT uq_rh_accounts UNIQUE (org_id),
    CONSTRAINT ck_rh_accounts CHECK (NOT (org_id IS NULL))
);

CREATE TABLE IF NOT EXISTS rules (
    id serial NOT NULL,
    rule_id character varying(255) NOT NULL,
    description text NOT NULL,
    reason text NOT NULL,
    resolution text NOT NULL,
    condition text NOT NULL,
    CONSTRAINT rules_pkey PRIMARY KEY (id),
    CONSTRAINT rules_rule_id_key UNIQUE (rule_id)
);

CREATE TABLE IF NOT EXISTS systems (
    id serial NOT NULL,
    tenant_id integer,
    inventory_id uuid NOT NULL,
    cloud_provider text,
    display_name text,
    fqdn text,
    instance_type text,
    state text,
    stale_timestamp timestamp with time zone,
    region text,
    operating_system jsonb,
    cpu_states character varying[],
    io_states character varying[],
    memory_states character varying[],
    groups jsonb DEFAULT '[]'::jsonb,
    CONSTRAINT systems_pkey PRIMARY KEY (id),
    CONSTRAINT systems_inventory_id_key UNIQUE (inventory_id),
    CONSTRAINT systems_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES rh_accounts (id)
);

CREATE TABLE IF NOT EXISTS performance_profile (
    performance_record jsonb,
    performance_utilization jsonb,
    report_date timestamp with time zone NOT NULL,
    system_id integer NOT NULL,
    number_of_recommendations integer,
    state text,
    operating_system jsonb,
    rule_hit_details jsonb,
    psi_enabled boolean,
    top_candidate text,
    top_candidate_price double precision,
    CONSTRAINT performance_profile_pkey PRIMARY KEY (system_id),
    CONSTRAINT performance_profile_system_id_fkey FOREIGN KEY (system_id) REFERENCES systems (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS performance_profile_history (
    performance_record jsonb,
    performance_utilization jsonb,
    report_date timestamp with time zone NOT NULL,
    system_id integer NOT NULL,
    number_of_recommendations integer,
    state text,
    operating_system jsonb,
    rule_hit_details jsonb,
    psi_enabled boolean,
    CONSTRAINT pk_performance_profile_history PRIMARY KEY (system_id, report_date),
    CONSTRAINT fk_performance_profile_history_systems FOREIGN KEY (system_id) REFERENCES systems (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS recommendation_rating (
    id serial NOT NULL,
    system_id integer,
    rated_by text NOT NULL,
    rating smallint NOT NULL,
    created_at timestamp without time zone,
    updated_at timestamp without time zone,
    CONSTRAINT recommendation_rating_pkey PRIMARY KEY (id),
    CONSTRAINT recommendation_rating_system_id_fkey FOREIGN KEY (system_id) REFERENCES systems (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS inventory_id_hash_index ON systems USING hash (inventory_id);
CREATE INDEX IF NOT EXISTS ix_systems_operating_system ON systems USING btree (operating_system);
CREATE INDEX IF NOT EXISTS ix_rh_accounts_created_at ON rh_accounts USING brin (created_at);
CREATE INDEX IF NOT EXISTS ix_performance_profile_history_report_date
    ON performance_profile_history USING btree (report_date);
CREATE INDEX IF NOT EXISTS ix_performance_profile_state ON performance_profile USING btree (state);
CREATE INDEX IF NOT EXISTS non_optimized_system_profiles
    ON performance_profile USING btree (number_of_recommendations) WHERE (number_of_recommendations > 0);
CREATE INDEX IF NOT EXISTS top_candidate_idx ON performance_profile USING btree (top_candidate);
CREATE INDEX IF NOT EXISTS ix_recommendation_rating_rated_by ON recommendation_rating USING btree (rated_by);
CREATE INDEX IF NOT EXISTS ix_recommendation_rating_system_id ON recommendation_rating USING btree (system_id);
