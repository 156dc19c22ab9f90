<prompt schema="s" tone="warn">
  <notes x="1">Some text.</notes>
  <notes>More.</notes>
  <m>Here? <one>There. <two>no</two></one></m>
</prompt>
