-- Several transactions, without their history. $1 ids
SELECT d.document::text
FROM holdfast.transaction_document d
WHERE d.id = ANY ($1::uuid[])
