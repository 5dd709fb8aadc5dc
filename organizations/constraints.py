"""Rules that span two tables, as SQL for a migration: a series belongs to the organization of its year and registration."""

OWNERS_AGREE = """
ALTER TABLE organizations_documentseries
    ADD CONSTRAINT documentseries_financial_year_owner FOREIGN KEY (financial_year_id, organization_id)
        REFERENCES organizations_financialyear (id, organization_id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT documentseries_tax_registration_owner FOREIGN KEY (tax_registration_id, organization_id)
        REFERENCES organizations_organizationtaxregistration (id, organization_id) DEFERRABLE INITIALLY DEFERRED
"""

OWNERS_AGREE_REVERSE = """
ALTER TABLE organizations_documentseries
    DROP CONSTRAINT documentseries_financial_year_owner, DROP CONSTRAINT documentseries_tax_registration_owner
"""
