"""How dates are written in each language, where Django's own choice is not ours."""
