use std::time::Instant;
fn main(){
 let n:u32=std::env::args().nth(1).map(|s|s.parse().unwrap()).unwrap_or(20000);
 let t=Instant::now();
 let w=twin::World::generate(twin::Spec::new(n,7,jiff::civil::date(2022,3,13))).unwrap();
 println!("gen {:?}",t.elapsed());
 let t=Instant::now(); let d=w.digest(); println!("digest {d} {:?}",t.elapsed());
 let mut ages=[0u32;12]; let mut m=0; let mut occ=std::collections::BTreeMap::new();
 for p in w.people(){ages[(p.age_on(w.spec().start)/10) as usize]+=1; m+=(p.sex==twin::district::Sex::Male) as u32; *occ.entry(p.occupation).or_insert(0)+=1;}
 println!("{ages:?} male {m}"); 
 let a14=w.people().iter().filter(|p|p.age_on(w.spec().start)<15).count(); let a60=w.people().iter().filter(|p|p.age_on(w.spec().start)>=60).count();
 println!("0-14 {a14} 60+ {a60} {occ:?}");
 let mut pk=std::collections::BTreeMap::new(); for p in w.places(){*pk.entry(p.kind).or_insert(0)+=1;} println!("{pk:?} groups {} comm {} bld {} hh {}",w.groups().len(),w.communities().len(),w.buildings().len(),w.households().len());
 for i in [0,1,2,3,4,5,6,7,8,9]{let r=w.person(i);println!("{} {} {:?} {} {} {} {:?} {} | {} {:?}",r.name.chinese(),r.name.latin(),r.sex,r.born,r.id_number,r.phone,r.occupation,r.address.chinese(),r.address.latin,r.works_at.map(|p|w.place(p).name_zh));}
 for j in w.jurisdictions().iter().take(18){println!("{j:?}");}
}
