"""What a run looks like: arrays to blobs, blobs to film, film to one file that plays anywhere."""
