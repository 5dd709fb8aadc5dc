"""Base of all factories: what a factory makes has passed validation."""

from typing import Any

import factory


class ModelFactory(factory.django.DjangoModelFactory[Any]):
    """Makes one valid, stored record. `django_get_or_create` names the natural key of rows that tests share.

    class CountryFactory(ModelFactory):
        class Meta:
            model = "locations.Country"
            django_get_or_create = ("alpha2",)
    """

    class Meta:
        abstract = True
        skip_postgeneration_save = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        """Raises: ValidationError: the record that the test asked for breaks a rule of the model."""
        options: Any = cls._meta
        key = {name: kwargs[name] for name in options.django_get_or_create}
        if key and (found := model_class._default_manager.filter(**key).first()):
            return found
        record = model_class(*args, **kwargs)
        record.full_clean()
        record.save()
        return record
