<?xml version="1.0" encoding="UTF-8"?>
<!-- The date is the one argument that has to be given. The text between the selections stands directly
     behind the task list, in the room that the longer documents of the union leave. -->
<prompt schema="meeting_minutes">
  <people date="3 February"/>
  <client/>
  <task-list/>
  Add the label (ours) or (theirs) behind every owner.
  <confidential/>
  <user>
    Call with Brennwald Logistics. They: Ms Okafor, Mr Lindqvist. We: Tove, Sam. They want the label
    printer moved to hall 3 before the stocktaking on 28 February. Tove thinks that is possible and will
    confirm by Friday. Lindqvist sends floor plans tomorrow. Price around 4,000, Sam said, not binding.
    They also asked for a spare print head, Sam looks into it. After they left: margin on this is thin.
  </user>
</prompt>
