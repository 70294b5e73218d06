-- Every participant, by name; there are few. $1 a name, or null for all of them
SELECT d.document::text
FROM holdfast.participant_document d
WHERE $1::text IS NULL OR d.name = $1
ORDER BY d.name
