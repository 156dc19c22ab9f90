<prompt/>
