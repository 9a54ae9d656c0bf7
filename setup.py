"""What pyproject.toml cannot say: the folder Resources becomes the package's data."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["MedFusionLib", "MedFusionLib.*"]), "MedFusionLib.Resources"],
    package_dir={"MedFusionLib.Resources": "Resources"},
    package_data={
        "MedFusionLib": ["py.typed"],
        "MedFusionLib.Resources": [
            "Dictionaries/*", "Models/**", "Registration/*", "Report/*", "SampleData/*", "Study/*", "Training/*"
        ],
    },
)
