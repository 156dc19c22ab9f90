<prompt schema="s">
  <plan name="A name that is much longer" other="Someone" nobody=""><hotel/></plan>
  Not behind the plan.
</prompt>
