-- Everything that is read until the end is from one moment.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
