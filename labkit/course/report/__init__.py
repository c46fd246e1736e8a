"""What marking leaves behind: results, grades, the contact sheet, points given by eye. For instructors."""
