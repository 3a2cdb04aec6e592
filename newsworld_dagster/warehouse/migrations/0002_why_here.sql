-- Why an article is in its story: its nearest articles with the words they share.
ALTER TABLE stories.assignments ADD COLUMN nearest VARCHAR DEFAULT '[]';
