<prompt schema="whole" tone="warm">
  <notes>
    one
      two
  </notes>
  <near/> between
  <inline city="Oslo"> in a <deep/> module </inline>
</prompt>
