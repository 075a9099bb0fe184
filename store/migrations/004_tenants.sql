-- The second lock: under the role ros_api a statement sees one organisation's rows, whatever its WHERE says. The
-- organisation is the setting ros.org_id of the transaction; without it nothing is visible. The owner of the tables (the
-- consumers) is not bound by this.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'ros_api') THEN
        BEGIN
            CREATE ROLE ros_api NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server was faster
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role ros_api is missing and % may not create it; an administrator runs: '
                    'CREATE ROLE ros_api NOLOGIN; GRANT ros_api TO %', current_user, quote_ident(current_user)
                    USING ERRCODE = 'insufficient_privilege';
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'ros_api', 'MEMBER') THEN
        BEGIN
            EXECUTE format('GRANT ros_api TO %I', current_user);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION '% is not a member of ros_api; an administrator runs: GRANT ros_api TO %',
                    current_user, quote_ident(current_user)
                    USING ERRCODE = 'insufficient_privilege';
        END;
    END IF;
END
$$;

GRANT SELECT ON rh_accounts, rules, systems, performance_profile, performance_profile_history, recommendation_rating
    TO ros_api;
GRANT INSERT, UPDATE, DELETE ON recommendation_rating TO ros_api;
GRANT USAGE ON SEQUENCE recommendation_rating_id_seq TO ros_api;

ALTER TABLE rh_accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE systems ENABLE ROW LEVEL SECURITY;
ALTER TABLE performance_profile ENABLE ROW LEVEL SECURITY;
ALTER TABLE performance_profile_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE recommendation_rating ENABLE ROW LEVEL SECURITY;

-- A setting that was set once and reset reads as '', which is no organisation.
CREATE POLICY ros_tenant ON rh_accounts FOR SELECT TO ros_api
    USING (org_id = nullif(current_setting('ros.org_id', true), ''));
CREATE POLICY ros_tenant ON systems FOR SELECT TO ros_api
    USING (tenant_id = (SELECT a.id FROM rh_accounts a
                        WHERE a.org_id = nullif(current_setting('ros.org_id', true), '')));
CREATE POLICY ros_tenant ON performance_profile FOR SELECT TO ros_api
    USING (EXISTS (SELECT 1 FROM systems s WHERE s.id = system_id));
CREATE POLICY ros_tenant ON performance_profile_history FOR SELECT TO ros_api
    USING (EXISTS (SELECT 1 FROM systems s WHERE s.id = system_id));
CREATE POLICY ros_tenant ON recommendation_rating TO ros_api
    USING (EXISTS (SELECT 1 FROM systems s WHERE s.id = system_id))
    WITH CHECK (EXISTS (SELECT 1 FROM systems s WHERE s.id = system_id));
