"""Rules that span several tables, as SQL for migrations."""

# Partners' users hold partners' roles, and nobody else does. Checked at commit, so that one transaction may change type and
# roles together. `accounts.roles.EXTERNAL_ROLES` has the same names; a test compares.
ROLES_FIT_USER = """
CREATE FUNCTION accounts_roles_fit_user() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    subject uuid := to_jsonb(NEW) ->> TG_ARGV[0];
    misfit record;
BEGIN
    SELECT u.full_name, u.user_type, g.name AS role INTO misfit
    FROM accounts_user u
        JOIN accounts_user_groups m ON m.user_id = u.id
        JOIN auth_group g ON g.id = m.group_id
    WHERE u.id = subject AND (u.user_type = 'EXTERNAL') <> (g.name IN ('partner_admin', 'partner_staff'))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is % and cannot hold the role %.', misfit.full_name, misfit.user_type, misfit.role
            USING ERRCODE = 'check_violation', CONSTRAINT = 'user_roles_fit_type',
                  HINT = 'Choose a role for this type of user.';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER user_roles_fit_type AFTER INSERT OR UPDATE ON accounts_user_groups
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_roles_fit_user('user_id');
CREATE CONSTRAINT TRIGGER user_roles_fit_type AFTER UPDATE OF user_type ON accounts_user
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_roles_fit_user('id');
"""

ROLES_FIT_USER_REVERSE = "DROP FUNCTION accounts_roles_fit_user() CASCADE"


# Whoever changes a user, from wherever: a new password, a deactivation or another owner ends all sign-ins of that user. The
# password's date is watched instead of its hash, which Django also renews when only the cost of hashing changed.
SESSIONS_END = """
CREATE FUNCTION accounts_sessions_end() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE accounts_authsession
    SET revoked_at = erp_clock(),
        revoke_reason = CASE WHEN OLD.is_active AND NOT NEW.is_active THEN 'deactivated'
                             WHEN NEW.last_password_change IS DISTINCT FROM OLD.last_password_change THEN 'password'
                             ELSE 'admin' END
    WHERE user_id = NEW.id AND revoked_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER user_sessions_end
    AFTER UPDATE OF is_active, last_password_change, user_type, organization_id, partner_id ON accounts_user
    FOR EACH ROW WHEN (
        (OLD.is_active AND NOT NEW.is_active)
        OR (OLD.last_password_change, OLD.user_type, OLD.organization_id, OLD.partner_id)
           IS DISTINCT FROM (NEW.last_password_change, NEW.user_type, NEW.organization_id, NEW.partner_id))
    EXECUTE FUNCTION accounts_sessions_end();
"""

SESSIONS_END_REVERSE = "DROP FUNCTION accounts_sessions_end() CASCADE"


# The key of a second factor opens an account: whoever writes it, it goes in as cipher (accounts.models.SecondFactor).
KEY_IN_CIPHER = """
ALTER TABLE otp_totp_totpdevice ADD CONSTRAINT totpdevice_key_in_cipher CHECK (key ~ '^[A-Za-z0-9+/]{70,78}=$');
"""

KEY_IN_CIPHER_REVERSE = "ALTER TABLE otp_totp_totpdevice DROP CONSTRAINT totpdevice_key_in_cipher"


# Who changes what a sign-in hangs on, from wherever, is told so in a message; our database backend hears it and tells all
# processes after COMMIT (erp/snapshots.py). INFO is sent whatever client_min_messages says.
SIGNINS_CHANGE = """
CREATE FUNCTION accounts_signins_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    becomes jsonb := to_jsonb(NEW);
BEGIN
    IF TG_ARGV[0] = '*' THEN
        RAISE INFO 'Sign-ins are read again: all of them.' USING ERRCODE = 'ERP10', DETAIL = '*';
        RETURN NULL;
    END IF;
    IF was IS NOT NULL THEN
        RAISE INFO 'Sign-ins are read again.' USING ERRCODE = 'ERP10', DETAIL = was ->> TG_ARGV[0];
    END IF;
    IF becomes IS NOT NULL AND becomes ->> TG_ARGV[0] IS DISTINCT FROM was ->> TG_ARGV[0] THEN
        RAISE INFO 'Sign-ins are read again.' USING ERRCODE = 'ERP10', DETAIL = becomes ->> TG_ARGV[0];
    END IF;
    RETURN NULL;
END $$;
""" + "".join(
    f"""
CREATE TRIGGER signins_change AFTER UPDATE ON {table} FOR EACH ROW
    WHEN ({changed}) EXECUTE FUNCTION accounts_signins_change('{key}');
CREATE TRIGGER signins_change_too AFTER {others} ON {table} FOR EACH ROW EXECUTE FUNCTION accounts_signins_change('{key}');
"""
    for table, key, changed, others in (
        ("accounts_user", "id", "OLD.* IS DISTINCT FROM NEW.*", "DELETE"),
        ("organizations_organization", "id", "OLD.* IS DISTINCT FROM NEW.*", "DELETE"),
        ("partners_businesspartner", "id", "OLD.* IS DISTINCT FROM NEW.*", "DELETE"),
        # That it is used is no change of it.
        (
            "accounts_authsession",
            "user_id",
            "to_jsonb(OLD) - 'last_seen_at' IS DISTINCT FROM to_jsonb(NEW) - 'last_seen_at'",
            "DELETE",
        ),
        (
            "accounts_apikey",
            "user_id",
            "to_jsonb(OLD) - '{last_used_at,version,updated_at}'::text[] "
            "IS DISTINCT FROM to_jsonb(NEW) - '{last_used_at,version,updated_at}'::text[]",
            "DELETE",
        ),
        # Who gets or loses what: new rows count as well.
        ("accounts_user_groups", "user_id", "OLD.* IS DISTINCT FROM NEW.*", "INSERT OR DELETE"),
        ("accounts_user_user_permissions", "user_id", "OLD.* IS DISTINCT FROM NEW.*", "INSERT OR DELETE"),
        ("auth_group", "*", "OLD.* IS DISTINCT FROM NEW.*", "DELETE"),
        ("auth_group_permissions", "*", "OLD.* IS DISTINCT FROM NEW.*", "INSERT OR DELETE"),
        ("auth_permission", "*", "OLD.* IS DISTINCT FROM NEW.*", "DELETE"),
    )
)

SIGNINS_CHANGE_REVERSE = "DROP FUNCTION accounts_signins_change() CASCADE"
