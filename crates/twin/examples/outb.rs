use std::collections::BTreeMap; use std::time::Instant;
fn main(){
 let n:u32=std::env::args().nth(1).map(|s|s.parse().unwrap()).unwrap_or(20000);
 for seed in 1..9u64 {
 let w=twin::World::generate(twin::Spec::new(n,seed,jiff::civil::date(2022,3,13))).unwrap();
 let t=Instant::now();
 let o=twin::Outbreak::run(&w,twin::OutbreakSpec::for_population(n)).unwrap();
 let el=t.elapsed();
 let mut by=BTreeMap::new(); for i in &o.infections{*by.entry(i.day()).or_insert(0)+=1;}
 let mut rep=BTreeMap::new(); for c in &o.cases{*rep.entry((c.reported_at+8*3600000)/86400000-w.clock().instant(480)/86400000).or_insert(0)+=1;}
 let mut set=BTreeMap::new(); for i in &o.infections{*set.entry(i.setting).or_insert(0)+=1;}
 let mut reason=BTreeMap::new(); for i in &o.cases{*reason.entry(i.sample_reason).or_insert(0)+=1;}
 let mut ends=BTreeMap::new(); for i in &o.contacts{*ends.entry(format!("{:?}",i.end).split(' ').next().unwrap().to_string()).or_insert(0)+=1;}
 let mut fu=BTreeMap::new(); for i in &o.follow_up{*fu.entry(i.outcome).or_insert(0)+=1;}
 let mut oc=BTreeMap::new(); for i in &o.cases{*oc.entry(i.outcome).or_insert(0)+=1;}
 println!("seed {seed} {el:?} inf {} cases {} exp {} contacts {} fu {} src {} conv {} asym {} undercontrol {} secondgen {}",o.infections.len(),o.cases.len(),o.exposures.len(),o.contacts.len(),o.follow_up.len(),o.cases.iter().filter(|c|c.source.is_some()).count(),o.cases.iter().filter(|c|c.converted_at.is_some()).count(),o.cases.iter().filter(|c|c.classification==twin::outbreak::Classification::Asymptomatic).count(),o.cases.iter().filter(|c|c.under_control).count(),o.cases.iter().filter(|c|c.contact.is_some()).count());
 println!("  inf {by:?}\n  rep {rep:?}\n  {set:?} {reason:?}\n  {ends:?} {fu:?} {oc:?}");
 if seed==1 {println!("{:?}\n{:?}\n{:?}\n{:?}",o.cases[0],o.exposures[0],o.contacts[0],o.follow_up[0]);
  let mut s=twin::OutbreakSpec::for_population(n); s.tracing=false;s.screening=false;s.closures=false; println!("free {}",twin::Outbreak::run(&w,s).unwrap().infections.len());}
 }
}
