-- Where a transaction came from: the recorded span of its Try (W3C Trace Context), so that what happens to it days later can link
-- back. Null where its Try was not recorded, as nearly always: then it takes no room.
ALTER TABLE holdfast.transaction ADD COLUMN origin text;
