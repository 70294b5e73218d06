-- Keys, newest first, the usable and the others. $1 how many, $2, $3 the moment (ms) and id of the last of the page before, or nulls
SELECT d.document::text
FROM holdfast.api_key k JOIN holdfast.api_key_document d ON d.id = k.id
WHERE $2::bigint IS NULL OR (k.created_at, k.id) < (holdfast.from_epoch_ms($2), $3::uuid)
ORDER BY k.created_at DESC, k.id DESC
LIMIT $1
