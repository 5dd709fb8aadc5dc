"""Django's form and admin classes with a type parameter for the type checker; at run time they take none."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin as DjangoBaseModelAdmin
from django.contrib.admin.options import InlineModelAdmin as DjangoInlineModelAdmin
from django.core.paginator import Paginator as DjangoPaginator
from django.forms.models import BaseInlineFormSet

if TYPE_CHECKING:
    BaseModelAdmin = DjangoBaseModelAdmin[Any]
    InlineModelAdmin = DjangoInlineModelAdmin[Any, Any]
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    StackedInline = admin.StackedInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    Paginator = DjangoPaginator[Any]
else:
    BaseModelAdmin = DjangoBaseModelAdmin
    InlineModelAdmin = DjangoInlineModelAdmin
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    StackedInline = admin.StackedInline
    ModelForm = forms.ModelForm
    InlineFormSet = BaseInlineFormSet
    Paginator = DjangoPaginator
