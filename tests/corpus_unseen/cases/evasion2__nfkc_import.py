from 𝓮𝓹𝓲𝓬𝓼 import 𝐜𝐚𝐩𝐮𝐭 as ｗ
w("V:122", 1)
