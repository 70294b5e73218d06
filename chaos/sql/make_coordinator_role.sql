-- The coordinators' role: no superuser, so that when every connection is taken those kept for superusers stay for the checks.
CREATE ROLE coordinator LOGIN
