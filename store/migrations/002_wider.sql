-- A host name may have 255 bytes and an instance type more than 25: a length in the type only loses reports. From
-- varchar to text PostgreSQL changes the catalogue alone; no row is rewritten.
ALTER TABLE systems
    ALTER COLUMN cloud_provider TYPE text,
    ALTER COLUMN display_name TYPE text,
    ALTER COLUMN fqdn TYPE text,
    ALTER COLUMN instance_type TYPE text,
    ALTER COLUMN state TYPE text,
    ALTER COLUMN region TYPE text;
ALTER TABLE performance_profile
    ALTER COLUMN state TYPE text,
    ALTER COLUMN top_candidate TYPE text;
ALTER TABLE performance_profile_history
    ALTER COLUMN state TYPE text;

-- Every list is of one organisation, and the janitor looks by date.
CREATE INDEX IF NOT EXISTS ros_systems_tenant_id_idx ON systems (tenant_id);
CREATE INDEX IF NOT EXISTS ros_performance_profile_report_date_idx ON performance_profile (report_date);

-- One rating a user and host. Where an old race left two, they stay, and so does the table as it was.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM recommendation_rating GROUP BY system_id, rated_by HAVING count(*) > 1) THEN
        CREATE UNIQUE INDEX IF NOT EXISTS ros_recommendation_rating_key ON recommendation_rating (system_id, rated_by);
    END IF;
END
$$;
