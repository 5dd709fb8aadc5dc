"""Import at the desk: files to rows, a preview that promises what will hold, and writing all rows or none."""
