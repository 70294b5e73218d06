-- Links of the chain, in order. $1 the number of the last one of the page before, or 0; $2 how many
SELECT d.document::text FROM holdfast.audit_link_document d WHERE d.number > $1 ORDER BY d.number LIMIT $2
