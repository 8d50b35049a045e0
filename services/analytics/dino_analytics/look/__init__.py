"""Operations on the look of pictures: what is read, computed in threads, drawn and answered."""
