"""Every word a person reads: English is the source, `zh_Hans.po` the Chinese, read by `catalogue.py`."""
