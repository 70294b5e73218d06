-- Entries of the audit, newest first, each with the number of its link or null.
-- $1 only this act, or null; $2 only this subject, or null; $3 older than this id, or null; $4 how many
SELECT d.document::text, (
  SELECT max(l.number) FROM holdfast.audit_link l WHERE l.entry_ids @> ARRAY[d.id]
)::text
FROM holdfast.audit_entry_document d JOIN holdfast.audit_entry e ON e.id = d.id
WHERE ($1::text IS NULL OR e.act = $1) AND ($2::text IS NULL OR e.subject = $2) AND ($3::bigint IS NULL OR d.id < $3)
ORDER BY d.id DESC
LIMIT $4
