"""The history of the tables: one file per change in `versions`, run by `schema.bring_up_to_date`."""
