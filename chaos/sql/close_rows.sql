-- Gives the cursor's name free again.
CLOSE rows;
