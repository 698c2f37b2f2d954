"""Titles and descriptions of the settings of our own tasks, as their schemas announce them, for the catalogue.

A device announces them in English; a reader sees them in the own language where they stand here, else as announced.
"""

from central.deciding.capability import N_

SETTING_WORDS = (
    N_("Gate"),
    N_("Judge each part once as it rests, or take every picture for one part."),
    N_("Line"),
    N_("Where the parts come from; else the source's id."),
    N_("Region"),
    N_("x, y, width, height of where the part rests, as fractions of the frame."),
    N_("Threshold"),
    N_("Score above which a part fails; 1 is the model's own limit."),
    N_("Review band"),
    N_("Parts this much below the threshold go to a person."),
    N_("Supplier"),
    N_("Of the parts on the line now."),
    N_("Lot"),
    N_("Model"),
    N_("Folder of the model bundle."),
    N_("Learning time (s)"),
    N_("Steady running from which normal is learned."),
    N_("Summary window (s)"),
    N_("Length of one summary of all channels."),
    N_("On delay (s)"),
    N_("How long a limit must be exceeded before it is said."),
    N_("Off delay (s)"),
    N_("How long all must be well before the end is said."),
    N_("False alarms a month"),
    N_("Budget for one machine: limits are set so that a healthy one alarms about so often."),
    N_("Sensitivity"),
    N_("2 halves the learned limits, 0.5 doubles them."),
    N_("Shelves"),
    N_("Interval (s)"),
    N_("A count is told this often even if nothing changed."),
    N_("Look every (s)"),
    N_("Least time between two looks at the shelves."),
    N_("Frames"),
    N_("A count is the median of this many looks: people walk past."),
    N_("Location"),
    N_("Of the only shelf, without regions; else the source's id."),
    N_("SKU"),
    N_("Of the only shelf, without regions."),
)
