"""Search by words: what is known of an asset as text, which words of a query it holds, and one score of all."""
