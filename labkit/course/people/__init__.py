"""Who is in a class and by when: roster, groups, codes for names, deadlines and late days. For instructors."""
