-- Ends the connections of the coordinators, and says how many there were. Those that merely take up room are left alone.
SELECT count(pg_terminate_backend(activity.pid))::integer AS ended
FROM pg_stat_activity AS activity
WHERE activity.usename = 'coordinator' AND activity.application_name <> 'chaos holder'
