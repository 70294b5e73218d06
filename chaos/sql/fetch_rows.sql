-- The next rows of the cursor that one of collect_*.sql has opened.
FETCH FORWARD 2000 FROM rows;
