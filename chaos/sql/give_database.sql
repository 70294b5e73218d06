-- The coordinators make their schema themselves.
ALTER DATABASE postgres OWNER TO coordinator
