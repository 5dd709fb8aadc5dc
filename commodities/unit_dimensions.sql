-- Base, trade and rate unit of a commodity measure the same thing. A check constraint can't look into another table.
CREATE OR REPLACE FUNCTION commodity_one_dimension() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF (SELECT count(DISTINCT dimension) FROM commodities_unit
        WHERE id IN (NEW.base_unit_id, NEW.trade_unit_id, NEW.rate_unit_id)) > 1 THEN
        RAISE EXCEPTION 'The units of commodity % measure different things.', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'commodity_one_dimension',
                HINT = 'Choose base, trade and rate unit of one dimension.';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER commodity_one_dimension_new AFTER INSERT ON commodities_commodity
    FOR EACH ROW EXECUTE FUNCTION commodity_one_dimension();
CREATE OR REPLACE TRIGGER commodity_one_dimension_changed AFTER UPDATE ON commodities_commodity
    FOR EACH ROW WHEN ((OLD.base_unit_id, OLD.trade_unit_id, OLD.rate_unit_id)
        IS DISTINCT FROM (NEW.base_unit_id, NEW.trade_unit_id, NEW.rate_unit_id))
    EXECUTE FUNCTION commodity_one_dimension();

-- For the same reason a unit keeps its dimension for life.
CREATE OR REPLACE FUNCTION unit_dimension_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Unit % measures % and can''t be made to measure %.', OLD.code, OLD.dimension, NEW.dimension
        USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_dimension_fixed', HINT = 'Make another unit.';
END $$;

CREATE OR REPLACE TRIGGER unit_dimension_fixed BEFORE UPDATE ON commodities_unit
    FOR EACH ROW WHEN (OLD.dimension IS DISTINCT FROM NEW.dimension) EXECUTE FUNCTION unit_dimension_fixed();
