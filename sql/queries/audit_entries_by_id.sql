-- Entries of the audit. $1 their ids
SELECT d.document::text FROM holdfast.audit_entry_document d WHERE d.id = ANY ($1::bigint[])
